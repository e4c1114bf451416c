# Values that are refused, before anything is made.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  domain_name    = "agent.example.com"
  hosted_zone_id = "Z0123456789EXAMPLE"
  repositories   = ["acme/app"]
  image_digests = {
    service      = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
    runner       = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
    egress_proxy = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
  }
}

run "first_values" {
  command = plan

  variables {
    domain_name                = "https://agent.example.com"
    hosted_zone_id             = null
    service_min_tasks          = 1
    repositories               = []
    settings                   = { GITHUB_TOKEN = "value" }
    egress_hosts               = ["*"]
    egress_proxy_tasks         = 0
    allowed_cidrs              = ["203.0.113.7"]
    monthly_budget_usd         = 0
    waf_requests_per_5_minutes = 1
    alarm_email                = "nobody"
    image_digests = {
      service      = "latest"
      runner       = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
      egress_proxy = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
    }
    # Without prices the cost limit of a job would limit nothing.
    model = {
      adapter    = "openai"
      name       = "some-model"
      input_usd  = 0
      output_usd = 0
    }
  }

  expect_failures = [
    var.domain_name, var.hosted_zone_id, var.service_min_tasks, var.repositories, var.settings, var.egress_hosts,
    var.egress_proxy_tasks, var.allowed_cidrs, var.monthly_budget_usd, var.waf_requests_per_5_minutes, var.alarm_email,
    var.image_digests, var.model,
  ]
}

run "second_values" {
  command = plan

  variables {
    certificate_arn   = "arn:aws:acm:us-east-1:123456789012:certificate/beside-the-zone"
    service_max_tasks = 1
    repositories      = ["*"]
    settings          = { RUNNER = "bubblewrap" }
    egress_hosts      = ["169.254.170.2"]
    model = {
      adapter    = "bedrock"
      name       = "no model named"
      input_usd  = 1
      output_usd = 1
    }
  }

  expect_failures = [
    var.hosted_zone_id, var.service_max_tasks, var.repositories, var.settings, var.egress_hosts, var.model,
  ]
}

run "third_values" {
  command = plan

  variables {
    repositories = ["acme/*", "https://github.com/acme/app"]
    settings     = { lower_case = "value" }
    model = {
      adapter      = "bedrock"
      name         = "every model"
      input_usd    = 1
      output_usd   = 1
      bedrock_arns = ["arn:aws:bedrock:us-east-1::foundation-model/*"]
    }
  }

  expect_failures = [var.repositories, var.settings, var.model]
}
