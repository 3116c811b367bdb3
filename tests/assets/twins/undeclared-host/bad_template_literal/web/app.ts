await axios.get(`https://api.other.example/${id}`); // FINDING
