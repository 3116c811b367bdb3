export const labels = {
  password: 'Password',
  confirmPassword: 'Repeat the password',
  secret: 'Secret',
};
export const TOKEN_KEY = 'app.access-token';
