UPDATE requests SET connection = coalesce((SELECT connection FROM sessions WHERE id = requests.session), '');
