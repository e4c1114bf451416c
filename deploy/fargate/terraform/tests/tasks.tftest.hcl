# Tasks, images, secrets, scaling, store: TF-03, TF-04, TF-05.

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

run "tasks" {
  assert {
    condition = alltrue([
      aws_ecs_task_definition.service[0].cpu == "2048", aws_ecs_task_definition.service[0].memory == "4096",
      aws_ecs_service.service[0].desired_count == 2, aws_ecs_service.service[0].launch_type == "FARGATE",
    ])
    error_message = "The service is not two tasks of 2 vCPU and 4 GB"
  }

  assert {
    condition = (
      !aws_ecs_service.service[0].network_configuration[0].assign_public_ip
      && toset(aws_ecs_service.service[0].network_configuration[0].subnets) == toset([for subnet in aws_subnet.private : subnet.id])
      && toset(aws_ecs_service.service[0].network_configuration[0].security_groups) == toset([aws_security_group.service.id])
    )
    error_message = "Tasks are not in private subnets, without a public address"
  }

  assert {
    condition = alltrue([
      for service in [aws_ecs_service.service[0], aws_ecs_service.egress_proxy[0]] : alltrue([
        service.deployment_circuit_breaker[0].enable, service.deployment_circuit_breaker[0].rollback,
        service.deployment_minimum_healthy_percent == 100, !service.enable_execute_command,
      ])
    ])
    error_message = "A failing deployment is not taken back, or somebody can open a shell in a task"
  }

  assert {
    condition     = aws_ecs_service.service[0].health_check_grace_period_seconds == 60
    error_message = "A task does not get 60 s to start"
  }

  assert {
    condition = alltrue([
      for container in jsondecode(aws_ecs_task_definition.service[0].container_definitions) : alltrue([
        container.stopTimeout == 120, container.readonlyRootFilesystem, container.linuxParameters.capabilities.drop == ["ALL"],
        container.portMappings == [{ containerPort = 8000, protocol = "tcp" }],
        container.logConfiguration.options["awslogs-group"] == "/ecs/coding-agent",
      ])
    ])
    error_message = "The service's container is not read-only, without capabilities, on 8000, with 120 s to stop"
  }

  assert {
    condition = alltrue([
      for setting in jsondecode(aws_ecs_task_definition.service[0].container_definitions)[0].environment :
      !can(regex("KEY|SECRET|TOKEN|STORE|DIGEST", setting.name))
    ])
    error_message = "A secret is given as a plain variable"
  }

  assert {
    condition = {
      for secret in jsondecode(aws_ecs_task_definition.service[0].container_definitions)[0].secrets : secret.name => secret.valueFrom
      } == {
      CODING_AGENT_API_KEY_DIGESTS = aws_secretsmanager_secret.this["api-key"].arn
      CODING_AGENT_GITHUB_TOKEN    = aws_secretsmanager_secret.this["github-token"].arn
      CODING_AGENT_MODEL_KEY       = aws_secretsmanager_secret.this["llm-key"].arn
      CODING_AGENT_STORE           = aws_secretsmanager_secret.this["store-url"].arn
    }
    error_message = "Secrets are not those of the service"
  }

  assert {
    condition = toset([for secret in aws_secretsmanager_secret.this : secret.name]) == toset([
      "coding-agent/api-key", "coding-agent/github-token", "coding-agent/llm-key", "coding-agent/store-url",
    ])
    error_message = "Secrets have other names"
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.kms_key_id == aws_kms_key.this.arn])
    error_message = "A secret is not encrypted with our key"
  }

  assert {
    condition     = aws_ecs_task_definition.runner[0].task_role_arn == null
    error_message = "A job's task has a role"
  }

  assert {
    condition     = length(aws_ecs_task_definition.runner[0].volume) == 0
    error_message = "A job's task has a volume"
  }

  assert {
    condition = alltrue([
      for container in jsondecode(aws_ecs_task_definition.runner[0].container_definitions) : alltrue([
        !can(container.secrets), !can(container.environmentFiles), !try(container.privileged, false), !can(container.portMappings),
        container.name == "runner", container.memory == 4096,
        container.logConfiguration.options["awslogs-group"] == "/ecs/coding-agent-runner",
      ])
    ])
    error_message = "A job's container has a secret, a port or rights"
  }

  assert {
    condition = {
      for setting in jsondecode(aws_ecs_task_definition.runner[0].container_definitions)[0].environment : setting.name => setting.value
      } == {
      HTTPS_PROXY = "http://egress.coding-agent.internal:3128"
      https_proxy = "http://egress.coding-agent.internal:3128"
    }
    error_message = "A job's container is told more than where the proxy is"
  }

  assert {
    condition = alltrue([
      for definition in [aws_ecs_task_definition.service[0], aws_ecs_task_definition.runner[0], aws_ecs_task_definition.egress_proxy[0]] :
      can(regex("^123456789012\\.dkr\\.ecr\\.[^:]+@sha256:[0-9a-f]{64}$", jsondecode(definition.container_definitions)[0].image))
    ])
    error_message = "An image is not named by digest, or is not our registry's"
  }

  assert {
    condition = toset([for repository in aws_ecr_repository.this : repository.name]) == toset([
      "coding-agent/service", "coding-agent/runner", "coding-agent/egress-proxy",
    ])
    error_message = "Not the three repositories"
  }

  assert {
    condition = alltrue([
      for repository in aws_ecr_repository.this :
      repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push && !repository.force_delete
    ])
    error_message = "Tags may move, or images are not scanned"
  }

  assert {
    condition = alltrue([
      for policy in aws_ecr_lifecycle_policy.this :
      jsondecode(policy.policy).rules[0].selection == { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }
    ])
    error_message = "Not the last 10 images are kept"
  }

  assert {
    condition     = aws_appautoscaling_target.service[0].min_capacity == 2 && aws_appautoscaling_target.service[0].max_capacity == 10
    error_message = "Not between 2 and 10 tasks"
  }

  assert {
    condition = (
      aws_appautoscaling_policy.cpu[0].target_tracking_scaling_policy_configuration[0].target_value == 70
      && aws_appautoscaling_policy.cpu[0].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].predefined_metric_type
      == "ECSServiceAverageCPUUtilization"
    )
    error_message = "CPU is not held at 70 %"
  }

  assert {
    condition = (
      aws_appautoscaling_policy.queue[0].target_tracking_scaling_policy_configuration[0].target_value == 4
      && [
        for metric in aws_appautoscaling_policy.queue[0].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metrics :
        metric.expression if metric.return_data
      ] == ["waiting / tasks"]
    )
    error_message = "Waiting jobs of a task are not held at 4"
  }

  assert {
    condition = alltrue([
      aws_memorydb_cluster.this.tls_enabled, aws_memorydb_cluster.this.engine == "valkey",
      aws_memorydb_cluster.this.node_type == "db.t4g.small", aws_memorydb_cluster.this.num_shards == 1,
      aws_memorydb_cluster.this.acl_name == aws_memorydb_acl.this.name,
      toset(aws_memorydb_cluster.this.security_group_ids) == toset([aws_security_group.store.id]),
      toset(aws_memorydb_subnet_group.this.subnet_ids) == toset([for subnet in aws_subnet.private : subnet.id]),
      aws_memorydb_cluster.this.final_snapshot_name == "coding-agent-final",
    ])
    error_message = "The store is not encrypted, private and behind a password"
  }

  assert {
    condition     = strcontains(aws_memorydb_user.service.access_string, "-@admin -@dangerous") && !strcontains(aws_memorydb_user.service.access_string, "~*")
    error_message = "The store's user may administer it, or use every key"
  }

  assert {
    condition     = startswith(aws_secretsmanager_secret_version.store_url.secret_string, "rediss://coding-agent-service:made-up-made-up-made-up@") # pragma: allowlist secret
    error_message = "The store's address is not with TLS, or without a password"
  }
}

run "app_webhook_and_callbacks" {
  variables {
    github_app_id = "1234"
    webhook       = true
    callbacks     = true
  }

  assert {
    condition = toset([for secret in aws_secretsmanager_secret.this : secret.name]) == toset([
      "coding-agent/api-key", "coding-agent/app-private-key", "coding-agent/llm-key", "coding-agent/store-url",
      "coding-agent/webhook-secret", "coding-agent/callback-secret",
    ])
    error_message = "An App has no token, but a private key; webhooks and callbacks have a secret"
  }
}

run "egress_proxy" {
  variables {
    egress_hosts = ["pypi.org"]
  }

  assert {
    condition = [
      for setting in jsondecode(aws_ecs_task_definition.egress_proxy[0].container_definitions)[0].environment : "${setting.name}=${setting.value}"
    ] == ["EGRESS_ALLOW=agent.example.com,pypi.org"]
    error_message = "The proxy lets through something else than the service and what was named"
  }

  assert {
    condition = (
      aws_ecs_task_definition.egress_proxy[0].task_role_arn == null
      && toset(aws_ecs_service.egress_proxy[0].network_configuration[0].security_groups) == toset([aws_security_group.egress_proxy.id])
      && !aws_ecs_service.egress_proxy[0].network_configuration[0].assign_public_ip
      && one(aws_ecs_service.egress_proxy[0].service_registries).registry_arn == aws_service_discovery_service.egress_proxy.arn
    )
    error_message = "The proxy has a role, a public address, the wrong group or no name"
  }
}

run "before_there_are_images" {
  variables {
    image_digests = null
  }

  assert {
    condition = length(concat(
      aws_ecs_service.service, aws_ecs_service.egress_proxy, aws_ecs_task_definition.runner, aws_appautoscaling_target.service,
      values(aws_cloudwatch_metric_alarm.this),
    )) == 0
    error_message = "Something runs, or raises an alarm, before there is anything to run"
  }

  assert {
    condition     = length(output.ecr_repository_urls) == 3 && length(output.secret_names) == 3 && output.ecs_service_name == null
    error_message = "There is no place for images and secrets"
  }
}
