"""Cron triggers of workspaces: registered over HTTP, fired once per tick, called over HTTP, recorded on S3."""
