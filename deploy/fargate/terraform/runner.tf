# One task for each job. It has no task role, no secret, no way to it, and one way out: the proxy.

# A cluster of its own, so that what may stop tasks of jobs can stop no other.
resource "aws_ecs_cluster" "runners" {
  name = "${var.name}-runners"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

locals {
  # What ECS needs to start a task, for each image: to pull it, and to write its log.
  start_statements = {
    for image, group in {
      service      = aws_cloudwatch_log_group.service
      runner       = aws_cloudwatch_log_group.runner
      egress-proxy = aws_cloudwatch_log_group.egress_proxy
      } : image => [
      {
        # AWS knows no narrower resource for this action; the token opens what the next statement says.
        Sid      = "RegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "Image"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = aws_ecr_repository.this[image].arn
      },
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${group.arn}:log-stream:*"
      },
    ]
  }

  runner_proxy = "http://${local.proxy_host}:${local.proxy_port}"
}

resource "aws_ecs_task_definition" "runner" {
  count = local.deployed

  family                   = "${var.name}-runner"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.runner_cpu
  memory                   = var.runner_memory
  execution_role_arn       = aws_iam_role.runner_execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  ephemeral_storage {
    size_in_gib = var.runner_disk_gib
  }

  container_definitions = jsonencode([{
    name      = "runner"
    image     = local.images["runner"]
    essential = true
    memory    = var.runner_memory
    # The work tree needs a disk, and the service starts nothing that has volumes. The disk ends with the task.
    readonlyRootFilesystem = false
    stopTimeout            = 30
    ulimits                = [{ name = "nofile", softLimit = 4096, hardLimit = 8192 }]
    linuxParameters = {
      initProcessEnabled = true
      # What is left lets root hand commands to another user, and end them.
      capabilities = { drop = ["AUDIT_WRITE", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SYS_CHROOT"] }
    }
    # Job and token come with each start. No secret is here.
    environment = [
      { name = "HTTPS_PROXY", value = local.runner_proxy },
      { name = "https_proxy", value = local.runner_proxy },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.runner.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "runner"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }])
}

resource "aws_iam_role" "runner_execution" {
  name               = "${var.name}-runner-execution"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "runner_execution" {
  name = "start-runner"
  role = aws_iam_role.runner_execution.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.start_statements["runner"]
  })
}
