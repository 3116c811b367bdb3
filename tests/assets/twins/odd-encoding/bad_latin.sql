select 'Müller';
