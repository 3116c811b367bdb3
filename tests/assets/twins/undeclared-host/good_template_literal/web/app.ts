/* https://api.other.example */
await axios.get(`https://api.rates.example/${id}`);
const words = "read https://api.other.example first";
