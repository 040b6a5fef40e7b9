-- The header that nginx.conf adds to each question.
wrk.headers['X-Latchkey-Method'] = 'GET'
