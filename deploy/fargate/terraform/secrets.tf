# Places for secrets. Values are put into them by hand (so they are in no state and no plan), but for the store's address.

locals {
  # Setting of the service -> name of the secret that it comes from.
  secret_settings = merge(
    { API_KEY_DIGESTS = "api-key", STORE = "store-url" },
    var.github_app_id == null ? { GITHUB_TOKEN = "github-token" } : { GITHUB_APP_PRIVATE_KEY = "app-private-key" },
    var.model.adapter == "openai" ? { MODEL_KEY = "llm-key" } : {},
    var.webhook ? { WEBHOOK_SECRET = "webhook-secret" } : {},
    var.callbacks ? { CALLBACK_SECRET = "callback-secret" } : {},
  )
}

resource "aws_secretsmanager_secret" "this" {
  for_each = toset(values(local.secret_settings))

  name                    = "${var.name}/${each.key}"
  description             = "${var.name}: ${each.key}"
  kms_key_id              = aws_kms_key.this.arn
  recovery_window_in_days = var.protect_from_destroy ? 30 : 0
}

resource "aws_secretsmanager_secret_version" "store_url" {
  secret_id     = aws_secretsmanager_secret.this["store-url"].id
  secret_string = "rediss://${aws_memorydb_user.service.user_name}:${local.store_password}@${local.store_address}/0" # pragma: allowlist secret
}
