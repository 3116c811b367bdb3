// fetch("https://api.other.example/x")
fetch("https://api.rates.example/x");
let link = {href: "https://api.other.example"};
