export function keep(answer) {
  localStorage.setItem('access_token', answer.token); // FINDING
}
