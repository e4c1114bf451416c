# The service: API and workers. It holds the keys, and runs no command of a model.

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

locals {
  settings = merge(
    {
      ENVIRONMENT             = "production"
      PUBLIC_URL              = local.service_url
      LOG_LEVEL               = var.log_level
      REPOSITORIES            = join(",", var.repositories)
      MODEL                   = var.model.adapter
      MODEL_NAME              = var.model.name
      MODEL_INPUT_USD         = tostring(var.model.input_usd)
      MODEL_OUTPUT_USD        = tostring(var.model.output_usd)
      RUNNER                  = "fargate"
      FARGATE_REGION          = var.region
      FARGATE_CLUSTER         = aws_ecs_cluster.runners.name
      FARGATE_CONTAINER       = "runner"
      FARGATE_SUBNETS         = join(",", [for subnet in aws_subnet.private : subnet.id])
      FARGATE_SECURITY_GROUPS = aws_security_group.runner.id
      WORKERS                 = tostring(var.workers_per_task)
      WORKSPACE               = "/tmp/coding-agent"
      # NAT forgets a connection on which nothing is sent for 350 s, and the proxy ends it after 300 s, without a word to
      # who waits: an answer of the model must come, or be given up, before.
      MODEL_TIMEOUT_S = "270"
    },
    var.model.adapter == "bedrock" ? { MODEL_REGION = var.region } : { MODEL_URL = var.model.url },
    var.github_app_id == null ? {} : { GITHUB_APP_ID = var.github_app_id },
    local.deployed == 0 ? {} : { FARGATE_TASK_DEFINITION = aws_ecs_task_definition.runner[0].arn },
    var.settings,
  )
}

resource "aws_ecs_task_definition" "service" {
  count = local.deployed

  family                   = "${var.name}-service"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.service_cpu
  memory                   = var.service_memory
  execution_role_arn       = aws_iam_role.service_execution.arn
  task_role_arn            = aws_iam_role.service.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "service"
    image                  = local.images["service"]
    essential              = true
    memory                 = var.service_memory
    readonlyRootFilesystem = true
    stopTimeout            = local.stop_timeout
    portMappings           = [{ containerPort = local.service_port, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    environment = [
      for name in sort(keys(local.settings)) : { name = "CODING_AGENT_${name}", value = local.settings[name] }
    ]
    secrets = [
      for name in sort(keys(local.secret_settings)) : {
        name      = "CODING_AGENT_${name}"
        valueFrom = aws_secretsmanager_secret.this[local.secret_settings[name]].arn
      }
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.service.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "service"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }])

  depends_on = [aws_secretsmanager_secret_version.store_url]
}

resource "aws_ecs_service" "service" {
  count = local.deployed

  name                               = var.name
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.service[0].arn
  launch_type                        = "FARGATE"
  platform_version                   = "1.4.0"
  desired_count                      = var.service_min_tasks
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 60
  enable_execute_command             = false
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.service.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.service.arn
    container_name   = "service"
    container_port   = local.service_port
  }

  lifecycle {
    # It is the autoscaling's, from the first minute on.
    ignore_changes = [desired_count]
  }

  depends_on = [
    aws_ecs_service.egress_proxy,
    aws_iam_role_policy.service,
    aws_iam_role_policy.service_execution,
    aws_lb_listener.https,
    aws_route.private_nat,
    aws_vpc_endpoint.interface,
  ]
}

# What ECS needs to start the task: its image, its secrets, its log. The task itself has none of it.
resource "aws_iam_role" "service_execution" {
  name               = "${var.name}-service-execution"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "service_execution" {
  name = "start-service"
  role = aws_iam_role.service_execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.start_statements["service"], [
      {
        Sid      = "Secrets"
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = [for secret in aws_secretsmanager_secret.this : secret.arn]
      },
      {
        Sid      = "KeyOfSecrets"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = aws_kms_key.this.arn
        Condition = {
          StringEquals = {
            "kms:ViaService"                  = "secretsmanager.${var.region}.amazonaws.com"
            "kms:EncryptionContext:SecretARN" = [for secret in aws_secretsmanager_secret.this : secret.arn]
          }
        }
      },
    ])
  })
}

# What the service itself may do in AWS: start and stop tasks of jobs, and keep its own from being scaled in.
resource "aws_iam_role" "service" {
  name               = "${var.name}-service"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "service" {
  name = "run-jobs"
  role = aws_iam_role.service.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid    = "StartJobs"
          Effect = "Allow"
          Action = "ecs:RunTask"
          # Every revision: while a deployment runs, older tasks still start what they were told of.
          Resource  = "arn:${local.partition}:ecs:${var.region}:${local.account}:task-definition/${var.name}-runner:*"
          Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.runners.arn } }
        },
        {
          # Before it starts anything the service looks whether the definition holds a role or a secret.
          # AWS knows no narrower resource for this action.
          Sid      = "ReadJobsDefinition"
          Effect   = "Allow"
          Action   = "ecs:DescribeTaskDefinition"
          Resource = "*"
        },
        {
          Sid       = "NameJobsTasks"
          Effect    = "Allow"
          Action    = "ecs:TagResource"
          Resource  = "arn:${local.partition}:ecs:${var.region}:${local.account}:task/${var.name}-runners/*"
          Condition = { StringEquals = { "ecs:CreateAction" = "RunTask" } }
        },
        {
          Sid       = "GiveJobsTheirExecutionRole"
          Effect    = "Allow"
          Action    = "iam:PassRole"
          Resource  = aws_iam_role.runner_execution.arn
          Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
        },
        {
          Sid       = "WatchAndStopJobs"
          Effect    = "Allow"
          Action    = ["ecs:DescribeTasks", "ecs:StopTask"]
          Resource  = "arn:${local.partition}:ecs:${var.region}:${local.account}:task/${var.name}-runners/*"
          Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.runners.arn } }
        },
        {
          Sid       = "StayWhileJobsRun"
          Effect    = "Allow"
          Action    = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]
          Resource  = "arn:${local.partition}:ecs:${var.region}:${local.account}:task/${var.name}/*"
          Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.this.arn } }
        },
      ],
      length(var.model.bedrock_arns) == 0 ? [] : [
        {
          Sid      = "AskTheModel"
          Effect   = "Allow"
          Action   = "bedrock:InvokeModel"
          Resource = sort(var.model.bedrock_arns)
        },
      ],
    )
  })
}

# Between two and ten tasks, by CPU and by how many jobs wait.

resource "aws_appautoscaling_target" "service" {
  count = local.deployed

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.service[0].name}"
  min_capacity       = var.service_min_tasks
  max_capacity       = var.service_max_tasks
}

resource "aws_appautoscaling_policy" "cpu" {
  count = local.deployed

  name               = "${var.name}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.service[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.service[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.service[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = 70
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "queue" {
  count = local.deployed

  name               = "${var.name}-queue"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.service[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.service[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.service[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.queue_depth_per_task
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    customized_metric_specification {
      metrics {
        id          = "waiting"
        label       = "Waiting jobs"
        return_data = false

        metric_stat {
          # Every task says how many wait in the one queue.
          stat = "Maximum"

          metric {
            namespace   = local.metrics_namespace
            metric_name = "QueueDepth"

            dimensions {
              name  = "Service"
              value = local.queue_dimensions.Service
            }
          }
        }
      }

      metrics {
        id          = "tasks"
        label       = "Running tasks"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"

            dimensions {
              name  = "ClusterName"
              value = aws_ecs_cluster.this.name
            }

            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.service[0].name
            }
          }
        }
      }

      metrics {
        id          = "waiting_per_task"
        label       = "Waiting jobs of a task"
        expression  = "waiting / tasks"
        return_data = true
      }
    }
  }
}
