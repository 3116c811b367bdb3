connect(process.env.BILLING_URL); // FINDING
