export function keep(answer) {
  localStorage.setItem('theme', answer.theme);
}
