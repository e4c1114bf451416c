# Who may speak to whom: load balancer -> service -> store; job's task -> proxy -> outside. A rule each.

resource "aws_security_group" "alb" {
  name        = "${var.name}-alb"
  description = "Load balancer: HTTPS from outside, to the service"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "service" {
  name        = "${var.name}-service"
  description = "Service: from the load balancer, to HTTPS and the store"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "runner" {
  name        = "${var.name}-runner"
  description = "Tasks of jobs: from nowhere, to the proxy and to what images and logs need"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "egress_proxy" {
  name        = "${var.name}-egress-proxy"
  description = "Proxy: from tasks of jobs, to HTTPS"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "store" {
  name        = "${var.name}-store"
  description = "Store: from the service"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "Endpoints of images and logs: from every task"
  vpc_id      = aws_vpc.this.id
}

resource "aws_security_group" "secrets_endpoint" {
  name        = "${var.name}-secrets-endpoint"
  description = "Endpoint of secrets: from the service"
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "alb_https" {
  for_each = var.allowed_cidrs

  security_group_id = aws_security_group.alb.id
  description       = "HTTPS"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "alb_http" {
  for_each = var.allowed_cidrs

  security_group_id = aws_security_group.alb.id
  description       = "HTTP, which is sent on to HTTPS"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

# Tasks reach the service by its public address: through the proxy and NAT.
resource "aws_vpc_security_group_ingress_rule" "alb_from_nat" {
  for_each = aws_eip.nat

  security_group_id = aws_security_group.alb.id
  description       = "HTTPS of tasks of jobs, which come through NAT in ${each.key}"
  cidr_ipv4         = "${each.value.public_ip}/32"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "alb_to_service" {
  security_group_id            = aws_security_group.alb.id
  description                  = "Requests and health checks"
  referenced_security_group_id = aws_security_group.service.id
  ip_protocol                  = "tcp"
  from_port                    = local.service_port
  to_port                      = local.service_port
}

resource "aws_vpc_security_group_ingress_rule" "service_from_alb" {
  security_group_id            = aws_security_group.service.id
  description                  = "Requests and health checks"
  referenced_security_group_id = aws_security_group.alb.id
  ip_protocol                  = "tcp"
  from_port                    = local.service_port
  to_port                      = local.service_port
}

resource "aws_vpc_security_group_egress_rule" "service_https" {
  security_group_id = aws_security_group.service.id
  description       = "GitHub, the model, AWS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "service_to_store" {
  security_group_id            = aws_security_group.service.id
  description                  = "Jobs and queue"
  referenced_security_group_id = aws_security_group.store.id
  ip_protocol                  = "tcp"
  from_port                    = local.store_port
  to_port                      = local.store_port
}

resource "aws_vpc_security_group_ingress_rule" "store_from_service" {
  security_group_id            = aws_security_group.store.id
  description                  = "Jobs and queue"
  referenced_security_group_id = aws_security_group.service.id
  ip_protocol                  = "tcp"
  from_port                    = local.store_port
  to_port                      = local.store_port
}

resource "aws_vpc_security_group_egress_rule" "runner_to_proxy" {
  security_group_id            = aws_security_group.runner.id
  description                  = "The one way out"
  referenced_security_group_id = aws_security_group.egress_proxy.id
  ip_protocol                  = "tcp"
  from_port                    = local.proxy_port
  to_port                      = local.proxy_port
}

resource "aws_vpc_security_group_egress_rule" "runner_to_endpoints" {
  security_group_id            = aws_security_group.runner.id
  description                  = "Image and logs"
  referenced_security_group_id = aws_security_group.endpoints.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "runner_to_layers" {
  security_group_id = aws_security_group.runner.id
  description       = "Layers of the image; the endpoint lets nothing else through"
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "proxy_from_runner" {
  security_group_id            = aws_security_group.egress_proxy.id
  description                  = "Tasks of jobs"
  referenced_security_group_id = aws_security_group.runner.id
  ip_protocol                  = "tcp"
  from_port                    = local.proxy_port
  to_port                      = local.proxy_port
}

resource "aws_vpc_security_group_egress_rule" "proxy_https" {
  security_group_id = aws_security_group.egress_proxy.id
  description       = "Allowed hosts; the proxy has the list"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = {
    service      = aws_security_group.service.id
    runner       = aws_security_group.runner.id
    egress-proxy = aws_security_group.egress_proxy.id
  }

  security_group_id            = aws_security_group.endpoints.id
  description                  = "Images and logs of ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "secrets_endpoint" {
  security_group_id            = aws_security_group.secrets_endpoint.id
  description                  = "Secrets of the service"
  referenced_security_group_id = aws_security_group.service.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}
