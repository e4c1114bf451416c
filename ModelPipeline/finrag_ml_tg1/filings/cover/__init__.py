"""Who filed, on which form, for which period and fiscal year."""
