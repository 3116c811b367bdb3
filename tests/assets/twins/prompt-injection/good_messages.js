const OpenAI = require('openai');

const openai = new OpenAI();

exports.chat = async (req, res) => {
  const answer = await openai.chat.completions.create({
    model: 'gpt-4o',
    messages: [
      { role: 'system', content: 'You help people' },
      { role: 'user', content: req.body.text },
    ],
  });
  res.json({ text: answer.choices[0].message.content });
};
