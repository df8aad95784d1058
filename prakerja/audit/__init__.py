"""What an auditor reads, and what everybody may check of it."""
