# Logs, what is counted from them, alarms and a dashboard.

locals {
  # The service writes its metrics into its log (embedded metric format): no permission is needed for it.
  metrics_namespace = "CodingAgent"
  queue_dimensions  = { Service = "coding-agent" }

  flow_log_group     = "/vpc/${var.name}"
  flow_log_group_arn = "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:${local.flow_log_group}"
}

resource "aws_cloudwatch_log_group" "service" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

# Apart from the service's: what a job's task says is not counted among the service's errors.
resource "aws_cloudwatch_log_group" "runner" {
  name              = "/ecs/${var.name}-runner"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_cloudwatch_log_group" "egress_proxy" {
  name              = "/ecs/${var.name}-egress-proxy"
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = local.flow_log_group
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.this.arn
}

resource "aws_cloudwatch_log_metric_filter" "errors" {
  name           = "${var.name}-errors"
  log_group_name = aws_cloudwatch_log_group.service.name
  pattern        = "{ ($.level = \"ERROR\") || ($.level = \"CRITICAL\") }"

  metric_transformation {
    namespace     = local.metrics_namespace
    name          = "LogErrors"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = aws_kms_key.this.key_id
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsAndBudget"
      Effect    = "Allow"
      Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count = var.alarm_email == null ? 0 : 1

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

locals {
  service_dimensions = { ClusterName = aws_ecs_cluster.this.name, ServiceName = var.name }
  alb_dimensions     = { LoadBalancer = aws_lb.this.arn_suffix }

  # missing: what it means that nothing is reported, as it is while nothing happens, or while something is broken.
  alarms = merge(
    {
      target-5xx = {
        text       = "The service answers with errors (5xx)"
        namespace  = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", statistic = "Sum", above = 5, periods = 5
        dimensions = local.alb_dimensions, missing = "notBreaching"
      }
      alb-5xx = {
        text       = "The load balancer has nobody to ask, or gets no answer (5xx)"
        namespace  = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", statistic = "Sum", above = 5, periods = 5
        dimensions = local.alb_dimensions, missing = "notBreaching"
      }
      unhealthy-hosts = {
        text       = "A task fails its health check"
        namespace  = "AWS/ApplicationELB", metric = "UnHealthyHostCount", statistic = "Maximum", above = 0, periods = 3
        dimensions = merge(local.alb_dimensions, { TargetGroup = aws_lb_target_group.service.arn_suffix }), missing = "notBreaching"
      }
      cpu = {
        text       = "The service is short of CPU, though tasks are added at 70 %"
        namespace  = "AWS/ECS", metric = "CPUUtilization", statistic = "Average", above = 85, periods = 10
        dimensions = local.service_dimensions, missing = "breaching"
      }
      memory = {
        text       = "The service is short of memory"
        namespace  = "AWS/ECS", metric = "MemoryUtilization", statistic = "Maximum", above = 85, periods = 5
        dimensions = local.service_dimensions, missing = "breaching"
      }
      queue-age = {
        text       = "A job waits too long, or the service reports nothing of its queue"
        namespace  = local.metrics_namespace, metric = "OldestPendingAge", statistic = "Maximum"
        above      = var.queue_age_alarm_seconds, periods = 5
        dimensions = local.queue_dimensions, missing = "breaching"
      }
      log-errors = {
        text       = "The service logs errors"
        namespace  = local.metrics_namespace, metric = "LogErrors", statistic = "Sum", above = 10, periods = 5
        dimensions = {}, missing = "notBreaching"
      }
      store-memory = {
        text       = "The store is nearly full: it then takes no more jobs"
        namespace  = "AWS/MemoryDB", metric = "DatabaseMemoryUsagePercentage", statistic = "Maximum", above = 80, periods = 5
        dimensions = { ClusterName = aws_memorydb_cluster.this.name }, missing = "notBreaching"
      }
    },
    {
      for zone in local.nat_zones : "nat-ports-${zone}" => {
        text       = "NAT in ${zone} has no port left for new connections"
        namespace  = "AWS/NATGateway", metric = "ErrorPortAllocation", statistic = "Sum", above = 0, periods = 1
        dimensions = { NatGatewayId = aws_nat_gateway.this[zone].id }, missing = "notBreaching"
      }
    },
  )
}

# Alarms begin with the tasks: before, they would say what is known.
resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.deployed == 0 ? {} : local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.text
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 60
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "tasks_missing" {
  for_each = local.deployed == 0 ? toset([]) : toset([var.name, "${var.name}-egress-proxy"])

  alarm_name          = "${each.key}-tasks-missing"
  alarm_description   = "Fewer tasks of ${each.key} run than should"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  evaluation_periods  = 10
  datapoints_to_alarm = 10
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  metric_query {
    id          = "missing"
    label       = "Missing tasks"
    expression  = "desired - running"
    return_data = true
  }

  metric_query {
    id          = "desired"
    return_data = false

    metric {
      namespace   = "ECS/ContainerInsights"
      metric_name = "DesiredTaskCount"
      stat        = "Maximum"
      period      = 60
      dimensions  = { ClusterName = aws_ecs_cluster.this.name, ServiceName = each.key }
    }
  }

  metric_query {
    id          = "running"
    return_data = false

    metric {
      namespace   = "ECS/ContainerInsights"
      metric_name = "RunningTaskCount"
      stat        = "Minimum"
      period      = 60
      dimensions  = { ClusterName = aws_ecs_cluster.this.name, ServiceName = each.key }
    }
  }
}

locals {
  graphs = [
    { title = "Queue", stat = "Maximum", metrics = [
      [local.metrics_namespace, "QueueDepth", "Service", local.queue_dimensions.Service],
      [local.metrics_namespace, "JobsRunning", "Service", local.queue_dimensions.Service],
    ] },
    { title = "Longest wait (s)", stat = "Maximum", metrics = [
      [local.metrics_namespace, "OldestPendingAge", "Service", local.queue_dimensions.Service],
    ] },
    { title = "Ended jobs", stat = "Sum", metrics = [
      for outcome in ["success", "no_changes", "failed", "timed_out", "cancelled"] :
      [local.metrics_namespace, "JobsEnded", "Outcome", outcome]
    ] },
    { title = "Tasks", stat = "Average", metrics = [
      ["ECS/ContainerInsights", "DesiredTaskCount", "ClusterName", var.name, "ServiceName", var.name],
      ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.name, "ServiceName", var.name],
      ["ECS/ContainerInsights", "TaskCount", "ClusterName", aws_ecs_cluster.runners.name],
    ] },
    { title = "CPU and memory (%)", stat = "Average", metrics = [
      ["AWS/ECS", "CPUUtilization", "ClusterName", var.name, "ServiceName", var.name],
      ["AWS/ECS", "MemoryUtilization", "ClusterName", var.name, "ServiceName", var.name],
    ] },
    { title = "Requests", stat = "Sum", metrics = [
      ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", aws_lb.this.arn_suffix],
      ["AWS/ApplicationELB", "HTTPCode_Target_4XX_Count", "LoadBalancer", aws_lb.this.arn_suffix],
      ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", aws_lb.this.arn_suffix],
      ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", aws_lb.this.arn_suffix],
      ["AWS/WAFV2", "BlockedRequests", "WebACL", var.name, "Region", var.region, "Rule", "ALL"],
    ] },
    { title = "Response time (s)", stat = "p95", metrics = [
      ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", aws_lb.this.arn_suffix],
    ] },
    { title = "Errors in the log", stat = "Sum", metrics = [[local.metrics_namespace, "LogErrors"]] },
    { title = "Store", stat = "Maximum", metrics = [
      ["AWS/MemoryDB", "DatabaseMemoryUsagePercentage", "ClusterName", aws_memorydb_cluster.this.name],
      ["AWS/MemoryDB", "CurrConnections", "ClusterName", aws_memorydb_cluster.this.name],
    ] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      for index, graph in local.graphs : {
        type   = "metric"
        x      = 12 * (index % 2)
        y      = 6 * floor(index / 2)
        width  = 12
        height = 6
        properties = {
          title   = graph.title
          region  = var.region
          view    = "timeSeries"
          period  = 60
          stat    = graph.stat
          metrics = graph.metrics
        }
      }
    ]
  })
}
