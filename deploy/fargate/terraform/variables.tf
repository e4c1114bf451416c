variable "region" {
  description = "AWS region of everything."
  type        = string
  default     = "us-east-1"
}

variable "name" {
  description = "Prefix of every name, so that two installations fit into an account."
  type        = string
  default     = "coding-agent"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,18}[a-z0-9]$", var.name))
    error_message = "Use 4 to 20 lower-case letters, digits and dashes, a letter first."
  }
}

variable "protect_from_destroy" {
  description = "Refuse to remove the load balancer, images and access logs, keep secrets recoverable, snapshot the store."
  type        = bool
  default     = true
}

# Address

variable "domain_name" {
  description = "Host name of the service, such as agent.example.com."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "Give a host name in lower case, without https:// and without a path."
  }
}

variable "hosted_zone_id" {
  description = "Route 53 zone of the domain: the certificate and the record are made in it."
  type        = string
  default     = null

  validation {
    condition     = (var.hosted_zone_id == null) != (var.certificate_arn == null)
    error_message = "Give either hosted_zone_id, or certificate_arn of a certificate that you have in ACM."
  }
}

variable "certificate_arn" {
  description = "ACM certificate of the domain in this region, where its DNS is not in Route 53."
  type        = string
  default     = null
}

variable "allowed_cidrs" {
  description = "Networks that may reach the load balancer. GitHub's webhooks and the runners' proxy come from outside."
  type        = set(string)
  default     = ["0.0.0.0/0"]

  validation {
    condition     = length(var.allowed_cidrs) > 0 && alltrue([for cidr in var.allowed_cidrs : can(cidrnetmask(cidr))])
    error_message = "Give IPv4 networks, such as 203.0.113.0/24."
  }
}

# Network

variable "nat_per_zone" {
  description = "NAT gateway and endpoints in each zone instead of in one: about 62 USD a month more, and a zone's loss stops nothing."
  type        = bool
  default     = false
}

# Images

variable "image_digests" {
  description = "Digests of the pushed images; null until they are pushed: then everything is made but the tasks."
  type = object({
    service      = string
    runner       = string
    egress_proxy = string
  })
  default = null

  validation {
    condition = var.image_digests == null || alltrue([
      for digest in values(coalesce(var.image_digests, {})) : can(regex("^sha256:[0-9a-f]{64}$", digest))
    ])
    error_message = "Each image is named by its digest, sha256: and 64 hex digits; tags are not taken."
  }
}

# Service

variable "service_cpu" {
  description = "CPU units of a service task (1024 are one vCPU)."
  type        = number
  default     = 2048
}

variable "service_memory" {
  description = "MiB of a service task."
  type        = number
  default     = 4096
}

variable "service_min_tasks" {
  description = "Fewest service tasks."
  type        = number
  default     = 2

  validation {
    condition     = var.service_min_tasks >= 2
    error_message = "With fewer than 2 tasks a zone's outage, or a task's, is the service's."
  }
}

variable "service_max_tasks" {
  description = "Most service tasks."
  type        = number
  default     = 10

  validation {
    condition     = var.service_max_tasks >= var.service_min_tasks && var.service_max_tasks <= 50
    error_message = "Give at least service_min_tasks, and at most 50."
  }
}

variable "workers_per_task" {
  description = "Jobs that a service task looks after at once; each runs in a task of its own."
  type        = number
  default     = 4

  validation {
    condition     = var.workers_per_task >= 1 && var.workers_per_task <= 16
    error_message = "Give 1 to 16."
  }
}

variable "queue_depth_per_task" {
  description = "Waiting jobs for each service task, above which tasks are added."
  type        = number
  default     = 4

  validation {
    condition     = var.queue_depth_per_task > 0
    error_message = "Give a number above 0."
  }
}

variable "log_level" {
  description = "What the service logs, and above."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "Give DEBUG, INFO, WARNING or ERROR."
  }
}

variable "repositories" {
  description = "owner/name or owner/* that jobs may change."
  type        = list(string)

  validation {
    condition = length(var.repositories) > 0 && alltrue([
      for repository in var.repositories : can(regex("^[A-Za-z0-9._-]+/([A-Za-z0-9._-]+|\\*)$", repository))
    ])
    error_message = "Name at least one repository, as owner/name or owner/*."
  }
}

variable "github_app_id" {
  description = "Id of the GitHub App that the service is; null: it uses a token, which reaches further and lives longer."
  type        = string
  default     = null
}

variable "webhook" {
  description = "Take GitHub's webhooks; the secret coding-agent/webhook-secret then needs a value."
  type        = bool
  default     = false
}

variable "callbacks" {
  description = "Call back when a job ends; the secret coding-agent/callback-secret then needs a value."
  type        = bool
  default     = false
}

variable "model" {
  description = "How the model is reached: an OpenAI-compatible service, or Bedrock."
  type = object({
    adapter = string
    name    = string
    url     = optional(string, "https://api.openai.com/v1")
    # US dollars for a million tokens; with 0 a job's cost is not limited by what it costs.
    input_usd  = number
    output_usd = number
    # Bedrock: the models and inference profiles that the service may invoke, and no others.
    bedrock_arns = optional(set(string), [])
  })
  default = {
    adapter    = "openai"
    name       = "gpt-5-mini"
    input_usd  = 0.25
    output_usd = 2
  }

  validation {
    condition     = contains(["openai", "bedrock"], var.model.adapter)
    error_message = "The adapter is openai or bedrock."
  }

  validation {
    condition     = (var.model.adapter == "bedrock") == (length(var.model.bedrock_arns) > 0)
    error_message = "With bedrock, and only then, name the ARNs of the models in bedrock_arns."
  }

  validation {
    condition     = alltrue([for arn in var.model.bedrock_arns : can(regex("^arn:aws[a-z-]*:bedrock:[^*]+$", arn))])
    error_message = "Name each model by its whole ARN, without *."
  }

  validation {
    condition     = var.model.input_usd > 0 && var.model.output_usd > 0
    error_message = "Give the model's prices: the cost limit of a job is counted with them."
  }
}

variable "settings" {
  description = "Further settings of the service by name, without CODING_AGENT_, such as MAX_COST_USD = \"2\"."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "Names are upper case, without the prefix CODING_AGENT_."
  }

  validation {
    condition = length(setintersection(keys(var.settings), [
      "API_KEY_DIGESTS", "CALLBACK_SECRET", "GITHUB_APP_PRIVATE_KEY", "GITHUB_TOKEN", "MODEL_KEY", "STORE", "WEBHOOK_SECRET",
      ])) == 0 && !anytrue([
      for name in keys(var.settings) : startswith(name, "FARGATE_") || contains(["ENVIRONMENT", "RUNNER", "PUBLIC_URL"], name)
    ])
    error_message = "Secrets go into Secrets Manager; the store, the runner and the address are set by this configuration."
  }
}

# Runners

variable "runner_cpu" {
  description = "CPU units of a job's task."
  type        = number
  default     = 2048
}

variable "runner_memory" {
  description = "MiB of a job's task."
  type        = number
  default     = 4096
}

variable "runner_disk_gib" {
  description = "GiB of a job's disk; it ends with the task."
  type        = number
  default     = 21

  validation {
    condition     = var.runner_disk_gib >= 21 && var.runner_disk_gib <= 200
    error_message = "Fargate gives 21 to 200 GiB."
  }
}

variable "egress_hosts" {
  description = "Hosts that a job's task may reach through the proxy besides the service itself. Normally none."
  type        = set(string)
  default     = []

  validation {
    condition = alltrue([
      for host in var.egress_hosts : can(regex("^\\.?([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", host))
    ])
    error_message = "Give host names in lower case; with a dot in front the hosts below are meant too. No addresses, no *."
  }
}

variable "egress_proxy_tasks" {
  description = "Tasks of the proxy."
  type        = number
  default     = 2

  validation {
    condition     = var.egress_proxy_tasks >= 1
    error_message = "Without the proxy no job's task reaches the service."
  }
}

# Store

variable "store_node_type" {
  description = "Size of the store's nodes."
  type        = string
  default     = "db.t4g.small"
}

variable "store_replicas" {
  description = "Replicas of the store's node. Without one nothing is lost either, but a lost node is away for minutes."
  type        = number
  default     = 0

  validation {
    condition     = contains([0, 1, 2], var.store_replicas)
    error_message = "Give 0, 1 or 2."
  }
}

variable "store_password_version" {
  description = "Raise it to make a new password of the store."
  type        = number
  default     = 1
}

# Watching

variable "alarm_email" {
  description = "Who is written to by alarms and by the budget; null: only the topic."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alarm_email))
    error_message = "Give an e-mail address."
  }
}

variable "log_retention_days" {
  description = "Days that logs of tasks and of the network are kept."
  type        = number
  default     = 7
}

variable "queue_age_alarm_seconds" {
  description = "A job that waits longer than this raises an alarm."
  type        = number
  default     = 900
}

variable "monthly_budget_usd" {
  description = "US dollars a month; mails go out at 80 and at 100 %."
  type        = number
  default     = 400

  validation {
    condition     = var.monthly_budget_usd > 0
    error_message = "Give an amount above 0."
  }
}

variable "waf_requests_per_5_minutes" {
  description = "Requests of one address in 5 minutes, above which it is refused."
  type        = number
  default     = 1000

  validation {
    condition     = var.waf_requests_per_5_minutes >= 10
    error_message = "AWS takes 10 and more."
  }
}
