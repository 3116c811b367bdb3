import Anthropic from '@anthropic-ai/sdk';
import express from 'express';

const app = express();
const anthropic = new Anthropic();

app.get('/story', async (req, res) => {
  const message = await anthropic.messages.create({ model: 'claude', max_tokens: 100, messages: [] });
  res.send(`<main>${message.content[0].text}</main>`); // FINDING
});
