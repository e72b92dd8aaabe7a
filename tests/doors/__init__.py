"""Tests of every door: command line, API, public pages, library, service."""
