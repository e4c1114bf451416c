# Subnets, gateways, who may speak to whom: TF-01, TF-02, flow logs of TF-07.

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

run "network" {
  assert {
    condition     = aws_vpc.this.cidr_block == "10.0.0.0/16"
    error_message = "The network is not 10.0.0.0/16"
  }

  assert {
    condition     = toset([for subnet in aws_subnet.public : subnet.cidr_block]) == toset(["10.0.1.0/24", "10.0.2.0/24"])
    error_message = "Wrong public subnets"
  }

  assert {
    condition     = toset([for subnet in aws_subnet.private : subnet.cidr_block]) == toset(["10.0.10.0/24", "10.0.11.0/24"])
    error_message = "Wrong private subnets"
  }

  assert {
    condition = alltrue([
      for subnets in [aws_subnet.public, aws_subnet.private] : keys(subnets) == ["us-east-1a", "us-east-1b"]
    ])
    error_message = "Subnets are not over two zones"
  }

  assert {
    condition     = !anytrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.map_public_ip_on_launch])
    error_message = "A subnet hands out public addresses"
  }

  assert {
    condition = (
      aws_route.public_internet.destination_cidr_block == "0.0.0.0/0"
      && aws_route.public_internet.gateway_id == aws_internet_gateway.this.id
    )
    error_message = "Public subnets do not lead to the internet gateway"
  }

  assert {
    condition = length(aws_nat_gateway.this) == 1 && alltrue([
      for route in aws_route.private_nat : route.nat_gateway_id == aws_nat_gateway.this["us-east-1a"].id
    ])
    error_message = "Private subnets do not share the one NAT gateway"
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint.interface)) == toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager"])
    error_message = "Endpoints are missing"
  }

  assert {
    condition = alltrue([
      for endpoint in aws_vpc_endpoint.interface :
      jsondecode(endpoint.policy).Statement[0].Condition.StringEquals["aws:PrincipalAccount"] == "123456789012"
    ])
    error_message = "An endpoint takes credentials of other accounts"
  }

  assert {
    condition = [
      for statement in jsondecode(aws_vpc_endpoint.s3.policy).Statement : "${statement.Action} ${statement.Resource}"
    ] == ["s3:GetObject arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"]
    error_message = "The endpoint of S3 leads to more than layers of images"
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_flow_log.this.vpc_id == aws_vpc.this.id
    error_message = "The network has no flow log of all traffic"
  }

  assert {
    condition = toset([
      for rule in concat(
        values(aws_vpc_security_group_ingress_rule.alb_https), values(aws_vpc_security_group_ingress_rule.alb_http),
      ) : "${rule.cidr_ipv4} ${rule.from_port}-${rule.to_port}"
    ]) == toset(["0.0.0.0/0 443-443", "0.0.0.0/0 80-80"])
    error_message = "The load balancer takes something else than HTTPS, and HTTP to redirect"
  }

  assert {
    condition = alltrue([
      aws_vpc_security_group_egress_rule.alb_to_service.security_group_id == aws_security_group.alb.id,
      aws_vpc_security_group_egress_rule.alb_to_service.referenced_security_group_id == aws_security_group.service.id,
      aws_vpc_security_group_egress_rule.alb_to_service.from_port == 8000,
      aws_vpc_security_group_egress_rule.alb_to_service.to_port == 8000,
      aws_vpc_security_group_ingress_rule.service_from_alb.security_group_id == aws_security_group.service.id,
      aws_vpc_security_group_ingress_rule.service_from_alb.referenced_security_group_id == aws_security_group.alb.id,
      aws_vpc_security_group_ingress_rule.service_from_alb.from_port == 8000,
      aws_vpc_security_group_ingress_rule.service_from_alb.to_port == 8000,
    ])
    error_message = "The service is not reached from the load balancer on 8000 alone"
  }

  assert {
    condition = alltrue([
      aws_vpc_security_group_egress_rule.service_https.security_group_id == aws_security_group.service.id,
      aws_vpc_security_group_egress_rule.service_https.from_port == 443,
      aws_vpc_security_group_egress_rule.service_https.to_port == 443,
    ])
    error_message = "The service reaches something else than HTTPS"
  }

  assert {
    condition = alltrue([
      for rule in [aws_vpc_security_group_egress_rule.service_to_store, aws_vpc_security_group_ingress_rule.store_from_service] :
      rule.from_port == 6379 && rule.to_port == 6379
      ]) && (
      aws_vpc_security_group_ingress_rule.store_from_service.referenced_security_group_id == aws_security_group.service.id
      && aws_vpc_security_group_ingress_rule.store_from_service.security_group_id == aws_security_group.store.id
      && aws_vpc_security_group_egress_rule.service_to_store.referenced_security_group_id == aws_security_group.store.id
    )
    error_message = "The store is not reached from the service alone"
  }

  assert {
    condition = alltrue([
      aws_vpc_security_group_egress_rule.runner_to_proxy.referenced_security_group_id == aws_security_group.egress_proxy.id,
      aws_vpc_security_group_egress_rule.runner_to_proxy.from_port == 3128,
      aws_vpc_security_group_egress_rule.runner_to_proxy.to_port == 3128,
      aws_vpc_security_group_egress_rule.runner_to_endpoints.referenced_security_group_id == aws_security_group.endpoints.id,
      aws_vpc_security_group_egress_rule.runner_to_layers.prefix_list_id == aws_vpc_endpoint.s3.prefix_list_id,
      aws_vpc_security_group_egress_rule.runner_to_proxy.cidr_ipv4 == null,
      aws_vpc_security_group_egress_rule.runner_to_endpoints.cidr_ipv4 == null,
      aws_vpc_security_group_egress_rule.runner_to_layers.cidr_ipv4 == null,
    ])
    error_message = "A job's task reaches more than the proxy, and what images and logs need"
  }

  assert {
    condition = alltrue([
      aws_vpc_security_group_ingress_rule.proxy_from_runner.referenced_security_group_id == aws_security_group.runner.id,
      aws_vpc_security_group_ingress_rule.proxy_from_runner.from_port == 3128,
      aws_vpc_security_group_egress_rule.proxy_https.from_port == 443,
      aws_vpc_security_group_egress_rule.proxy_https.to_port == 443,
    ])
    error_message = "The proxy is not between tasks of jobs and HTTPS"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.secrets_endpoint.referenced_security_group_id == aws_security_group.service.id
    error_message = "The endpoint of secrets is reached by more than the service"
  }
}

run "nat_for_each_zone" {
  variables {
    nat_per_zone = true
  }

  assert {
    condition = length(aws_nat_gateway.this) == 2 && alltrue([
      for zone, route in aws_route.private_nat : route.nat_gateway_id == aws_nat_gateway.this[zone].id
    ])
    error_message = "A zone does not have its own NAT gateway"
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : length(endpoint.subnet_ids) == 2])
    error_message = "A zone does not have its own endpoints"
  }
}
