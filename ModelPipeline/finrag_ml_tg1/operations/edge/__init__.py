"""What of the front end is static, on a content delivery network: pages and assets, and how long they are kept."""
