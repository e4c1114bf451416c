"""What several back ends on one store share through a Redis (FINRAG_SHARED_REDIS); each goes on alone without it."""
