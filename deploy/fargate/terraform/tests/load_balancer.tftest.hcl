# Load balancer, WAF and access logs: TF-02, TF-03, TF-07.

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

run "load_balancer" {
  assert {
    condition     = !aws_lb.this.internal && toset(aws_lb.this.subnets) == toset([for subnet in aws_subnet.public : subnet.id])
    error_message = "The load balancer is not in the public subnets"
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.enable_deletion_protection
    error_message = "Invalid headers are let through, or anybody may remove the load balancer"
  }

  assert {
    condition     = aws_lb.this.idle_timeout == 920
    error_message = "An answer of the model may take 900 s; the load balancer must wait longer"
  }

  assert {
    condition = alltrue([
      aws_lb_listener.https.port == 443, aws_lb_listener.https.protocol == "HTTPS",
      aws_lb_listener.https.ssl_policy == "ELBSecurityPolicy-TLS13-1-2-2021-06",
      aws_lb_listener.https.default_action[0].target_group_arn == aws_lb_target_group.service.arn,
    ])
    error_message = "There is no HTTPS listener in front of the service"
  }

  assert {
    condition = alltrue([
      aws_lb_listener.http.port == 80, aws_lb_listener.http.default_action[0].type == "redirect",
      aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS",
      aws_lb_listener.http.default_action[0].redirect[0].status_code == "HTTP_301",
    ])
    error_message = "HTTP is not sent on to HTTPS"
  }

  assert {
    condition = alltrue([
      aws_lb_target_group.service.port == 8000, aws_lb_target_group.service.target_type == "ip",
      aws_lb_target_group.service.health_check[0].path == "/healthz",
      aws_lb_target_group.service.health_check[0].matcher == "200",
      aws_lb_target_group.service.health_check[0].interval == 15,
      aws_lb_target_group.service.health_check[0].timeout == 5,
      aws_lb_target_group.service.health_check[0].unhealthy_threshold == 3,
    ])
    error_message = "The health check is not /healthz on 8000, every 15 s, for 5 s, 3 times"
  }

  assert {
    condition     = aws_lb_target_group.service.deregistration_delay == "120"
    error_message = "Requests do not get as long to end as jobs"
  }

  assert {
    condition     = aws_acm_certificate.this[0].domain_name == "agent.example.com" && aws_route53_record.service[0].name == "agent.example.com"
    error_message = "Certificate and record are not the domain's"
  }

  assert {
    condition     = aws_lb.this.access_logs[0].enabled && aws_lb.this.access_logs[0].bucket == aws_s3_bucket.access_logs.bucket
    error_message = "The load balancer writes no access logs"
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.access_logs.rule[0].expiration[0].days == 90
    error_message = "Access logs are not removed after 90 days"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.access_logs.block_public_acls, aws_s3_bucket_public_access_block.access_logs.block_public_policy,
      aws_s3_bucket_public_access_block.access_logs.ignore_public_acls, aws_s3_bucket_public_access_block.access_logs.restrict_public_buckets,
    ])
    error_message = "Access logs may become public"
  }

  assert {
    condition = alltrue([
      for rule in aws_wafv2_web_acl.this.rule : alltrue([
        rule.statement[0].rate_based_statement[0].limit == 1000,
        rule.statement[0].rate_based_statement[0].aggregate_key_type == "IP",
        rule.action[0].block[0].custom_response[0].response_code == 429,
      ])
    ]) && length(aws_wafv2_web_acl.this.rule) == 1
    error_message = "There is no rate rule"
  }

  assert {
    condition = (
      aws_wafv2_web_acl_association.alb.resource_arn == aws_lb.this.arn
      && aws_wafv2_web_acl_association.alb.web_acl_arn == aws_wafv2_web_acl.this.arn
    )
    error_message = "The rate rule is not before the load balancer"
  }

  assert {
    condition     = toset(aws_wafv2_ip_set.own.addresses) == toset(["198.51.100.7/32"])
    error_message = "Tasks of jobs, which come from NAT's address, would be refused"
  }
}

run "certificate_of_your_own" {
  variables {
    hosted_zone_id  = null
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/yours"
  }

  assert {
    condition = (
      aws_lb_listener.https.certificate_arn == "arn:aws:acm:us-east-1:123456789012:certificate/yours"
      && length(aws_acm_certificate.this) == 0 && length(aws_route53_record.service) == 0
    )
    error_message = "The given certificate is not used, or something is made in Route 53"
  }
}
