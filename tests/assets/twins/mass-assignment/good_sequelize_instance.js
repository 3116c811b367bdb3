const express = require('express');
const { Customer } = require('./models');
const app = express();
app.patch('/customers/:id', async (req, res) => {
  const customer = await Customer.findByPk(req.params.id);
  await customer.update(req.body, { fields: ['name', 'phone'] });
  res.json(customer);
});
