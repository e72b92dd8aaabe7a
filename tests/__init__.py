"""Tests of Senim: rules, features on both databases, promises through the doors, faults, architecture."""
