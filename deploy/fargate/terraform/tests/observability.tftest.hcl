# Logs, alarms, dashboard, budget: TF-06; outputs: TF-08.

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

run "observability" {
  assert {
    condition = alltrue([
      for group in [
        aws_cloudwatch_log_group.service, aws_cloudwatch_log_group.runner,
        aws_cloudwatch_log_group.egress_proxy, aws_cloudwatch_log_group.flow,
      ] : group.retention_in_days == 7 && group.kms_key_id == aws_kms_key.this.arn
    ]) && aws_cloudwatch_log_group.service.name == "/ecs/coding-agent"
    error_message = "Logs are not kept for 7 days, encrypted"
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.errors.log_group_name == "/ecs/coding-agent"
    error_message = "Errors in the log are not counted"
  }

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.this : name => "${alarm.namespace} ${alarm.metric_name} > ${alarm.threshold}"
      } == {
      target-5xx           = "AWS/ApplicationELB HTTPCode_Target_5XX_Count > 5"
      alb-5xx              = "AWS/ApplicationELB HTTPCode_ELB_5XX_Count > 5"
      unhealthy-hosts      = "AWS/ApplicationELB UnHealthyHostCount > 0"
      cpu                  = "AWS/ECS CPUUtilization > 85"
      memory               = "AWS/ECS MemoryUtilization > 85"
      queue-age            = "CodingAgent OldestPendingAge > 900"
      log-errors           = "CodingAgent LogErrors > 10"
      store-memory         = "AWS/MemoryDB DatabaseMemoryUsagePercentage > 80"
      nat-ports-us-east-1a = "AWS/NATGateway ErrorPortAllocation > 0"
    }
    error_message = "Not the alarms that should be"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["queue-age"].treat_missing_data == "breaching"
    error_message = "A queue of which nothing is heard raises no alarm"
  }

  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.tasks_missing)) == toset(["coding-agent", "coding-agent-egress-proxy"]) && alltrue([
      for alarm in aws_cloudwatch_metric_alarm.tasks_missing : alarm.threshold == 0 && [
        for query in alarm.metric_query : query.expression if query.return_data == true
      ] == ["desired - running"]
    ])
    error_message = "Missing tasks raise no alarm"
  }

  assert {
    condition = alltrue([
      for alarm in concat(values(aws_cloudwatch_metric_alarm.this), values(aws_cloudwatch_metric_alarm.tasks_missing)) :
      toset(alarm.alarm_actions) == toset([aws_sns_topic.alarms.arn])
    ])
    error_message = "Nobody is told of an alarm"
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 9
    error_message = "The dashboard lacks graphs"
  }

  assert {
    condition = alltrue([
      output.service_url == "https://agent.example.com", output.alb_dns_name == "made-up.us-east-1.elb.amazonaws.com",
      output.ecs_cluster_name == "coding-agent", output.ecs_service_name == "coding-agent",
    ])
    error_message = "Outputs are not what the next step needs"
  }
}

run "budget" {
  variables {
    alarm_email = "ops@example.com"
  }

  assert {
    condition = alltrue([
      aws_budgets_budget.month.limit_amount == "400", aws_budgets_budget.month.limit_unit == "USD",
      aws_budgets_budget.month.time_unit == "MONTHLY", aws_budgets_budget.month.budget_type == "COST",
    ])
    error_message = "The budget is not 400 USD a month"
  }

  assert {
    condition = toset([
      for notice in aws_budgets_budget.month.notification : "${notice.notification_type} ${notice.threshold} ${notice.threshold_type}"
    ]) == toset(["ACTUAL 80 PERCENTAGE", "ACTUAL 100 PERCENTAGE"])
    error_message = "The budget is not noticed at 80 and 100 %"
  }

  assert {
    condition = alltrue([
      for notice in aws_budgets_budget.month.notification :
      toset(notice.subscriber_sns_topic_arns) == toset([aws_sns_topic.alarms.arn]) && toset(notice.subscriber_email_addresses) == toset(["ops@example.com"])
    ]) && aws_sns_topic_subscription.email[0].endpoint == "ops@example.com"
    error_message = "Nobody is told of the budget"
  }
}
