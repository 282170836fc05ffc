"""What changes the market: mandates, orders, auctions."""
