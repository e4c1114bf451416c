# Jobs and queue. MemoryDB writes to a log over several zones before it answers, so a failover loses no job that was
# taken; ElastiCache replicates afterwards and may. It speaks Redis' protocol, always as a cluster (here of one shard).

data "aws_secretsmanager_random_password" "store" {
  password_length     = 48
  exclude_punctuation = true
}

# The data source gives another password each time: the first one is kept, until the version is raised.
resource "terraform_data" "store_password" {
  input            = sensitive(data.aws_secretsmanager_random_password.store.random_password)
  triggers_replace = [var.store_password_version]

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  store_password = sensitive(terraform_data.store_password.output)
  store_address  = "${aws_memorydb_cluster.this.cluster_endpoint[0].address}:${aws_memorydb_cluster.this.cluster_endpoint[0].port}"
}

resource "aws_memorydb_subnet_group" "this" {
  name       = var.name
  subnet_ids = [for subnet in aws_subnet.private : subnet.id]
}

# Everything on the service's own keys, and nothing that administers: no CONFIG, no FLUSHALL, no ACL.
resource "aws_memorydb_user" "service" {
  user_name     = "${var.name}-service"
  access_string = "on ~{coding-agent}* ~LIMITS* &{coding-agent}* +@all -@admin -@dangerous +info"

  authentication_mode {
    type      = "password"
    passwords = [local.store_password]
  }
}

resource "aws_memorydb_acl" "this" {
  name       = var.name
  user_names = [aws_memorydb_user.service.user_name]
}

resource "aws_memorydb_cluster" "this" {
  name                       = var.name
  description                = "Jobs and queue of ${var.name}"
  engine                     = "valkey"
  engine_version             = "7.2"
  node_type                  = var.store_node_type
  num_shards                 = 1
  num_replicas_per_shard     = var.store_replicas
  port                       = local.store_port
  tls_enabled                = true
  kms_key_arn                = aws_kms_key.this.arn
  acl_name                   = aws_memorydb_acl.this.name
  subnet_group_name          = aws_memorydb_subnet_group.this.name
  security_group_ids         = [aws_security_group.store.id]
  sns_topic_arn              = aws_sns_topic.alarms.arn
  auto_minor_version_upgrade = true
  maintenance_window         = "sun:05:00-sun:06:00"
  snapshot_window            = "03:00-04:00"
  snapshot_retention_limit   = 7
  final_snapshot_name        = var.protect_from_destroy ? "${var.name}-final" : null
}
