"""Repositories, SQL and migrations; the sole home of database drivers."""
