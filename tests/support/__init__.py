"""Servers, models and builders that tests share."""
