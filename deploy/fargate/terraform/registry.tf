# Images are named by digest and never change under a tag.

resource "aws_ecr_repository" "this" {
  for_each = toset(["service", "runner", "egress-proxy"])

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.protect_from_destroy

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.this.arn # pragma: allowlist secret
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Keep the last 10 images"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 10 }
      action       = { type = "expire" }
    }]
  })
}

locals {
  images = var.image_digests == null ? {} : {
    service      = "${aws_ecr_repository.this["service"].repository_url}@${var.image_digests.service}"
    runner       = "${aws_ecr_repository.this["runner"].repository_url}@${var.image_digests.runner}"
    egress-proxy = "${aws_ecr_repository.this["egress-proxy"].repository_url}@${var.image_digests.egress_proxy}"
  }
}
