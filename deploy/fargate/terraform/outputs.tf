output "service_url" {
  description = "CODING_AGENT_URL of the main back end."
  value       = local.service_url
}

output "alb_dns_name" {
  description = "Where a DNS record of the domain must lead, unless it was made in Route 53."
  value       = aws_lb.this.dns_name
}

output "ecs_cluster_name" {
  description = "Cluster of the service and the proxy."
  value       = aws_ecs_cluster.this.name
}

output "ecs_service_name" {
  description = "ECS service; null until images are given."
  value       = one(aws_ecs_service.service[*].name)
}

output "egress_proxy_service_name" {
  description = "ECS service of the proxy; null until images are given."
  value       = one(aws_ecs_service.egress_proxy[*].name)
}

output "runner_cluster_name" {
  description = "Cluster of the tasks of jobs."
  value       = aws_ecs_cluster.runners.name
}

output "runner_task_definition" {
  description = "Task definition of jobs; null until images are given."
  value       = one(aws_ecs_task_definition.runner[*].arn)
}

output "service_execution_role_arn" {
  description = "Role that reads the secrets when a task starts."
  value       = aws_iam_role.service_execution.arn
}

output "ecr_repository_urls" {
  description = "Where images are pushed to."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "secret_names" {
  description = "Secrets that need a value of yours before the tasks start."
  value       = sort([for name, secret in aws_secretsmanager_secret.this : secret.name if name != "store-url"])
}

output "log_group_name" {
  description = "Log of the service."
  value       = aws_cloudwatch_log_group.service.name
}

output "target_group_arn" {
  description = "Targets of the load balancer, whose health tells whether the service is up."
  value       = aws_lb_target_group.service.arn
}

output "alb_security_group_id" {
  description = "Who may reach the load balancer."
  value       = aws_security_group.alb.id
}

output "alarm_topic_arn" {
  description = "Topic of alarms and of the budget."
  value       = aws_sns_topic.alarms.arn
}

output "budget_name" {
  description = "Budget of the month."
  value       = aws_budgets_budget.month.name
}
