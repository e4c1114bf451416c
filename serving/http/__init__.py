"""What both HTTP services answer alike: errors, request ids, the shared key, the document that describes them."""
