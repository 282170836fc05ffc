"""How the parts are put together: settings, urls, processes."""
