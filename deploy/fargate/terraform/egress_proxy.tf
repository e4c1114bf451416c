# The one way out of a job's task: a proxy that lets through connections to the hosts on its list, and no others.

locals {
  proxy_host = "${aws_service_discovery_service.egress_proxy.name}.${aws_service_discovery_private_dns_namespace.this.name}"
}

resource "aws_service_discovery_private_dns_namespace" "this" {
  name = "${var.name}.internal"
  vpc  = aws_vpc.this.id
}

resource "aws_service_discovery_service" "egress_proxy" {
  name = "egress"

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  health_check_custom_config {
    failure_threshold = 1
  }
}

resource "aws_ecs_task_definition" "egress_proxy" {
  count = local.deployed

  family                   = "${var.name}-egress-proxy"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.egress_proxy_execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "egress-proxy"
    image                  = local.images["egress-proxy"]
    essential              = true
    memory                 = 512
    readonlyRootFilesystem = true
    stopTimeout            = 30
    portMappings           = [{ containerPort = local.proxy_port, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    environment = [
      { name = "EGRESS_ALLOW", value = join(",", sort(setunion([var.domain_name], var.egress_hosts))) },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.egress_proxy.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "egress-proxy"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }])
}

resource "aws_ecs_service" "egress_proxy" {
  count = local.deployed

  name                               = "${var.name}-egress-proxy"
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.egress_proxy[0].arn
  launch_type                        = "FARGATE"
  platform_version                   = "1.4.0"
  desired_count                      = var.egress_proxy_tasks
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  enable_execute_command             = false
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.egress_proxy.id]
    assign_public_ip = false
  }

  service_registries {
    registry_arn = aws_service_discovery_service.egress_proxy.arn
  }

  depends_on = [aws_iam_role_policy.egress_proxy_execution, aws_route.private_nat, aws_vpc_endpoint.interface]
}

resource "aws_iam_role" "egress_proxy_execution" {
  name               = "${var.name}-egress-proxy-execution"
  assume_role_policy = local.tasks_trust
}

resource "aws_iam_role_policy" "egress_proxy_execution" {
  name = "start-egress-proxy"
  role = aws_iam_role.egress_proxy_execution.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = local.start_statements["egress-proxy"]
  })
}
