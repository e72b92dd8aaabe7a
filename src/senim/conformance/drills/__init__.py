"""A drill for each control: does the mechanism hold, shown with this very policy through the public verbs?"""
