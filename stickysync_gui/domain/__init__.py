"""What StickySync knows about clients, organizations, passwords and mappings; pure: no Qt, HTTP, SQL, clock or disk."""
