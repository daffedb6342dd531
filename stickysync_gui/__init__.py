"""StickySync for Desktop: copies client credentials one way, from ConnectWise Automate into IT Glue."""

__version__ = "0.1.0"
