connect(process.env.ORDERS_URL);
// process.env.BILLING_URL
