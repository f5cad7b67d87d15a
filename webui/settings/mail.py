"""Mail: how it goes, from whom, and who is told when nobody looks."""

import environ

env = environ.Env()

# Without a server it is printed, so to the log.
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 15  # seconds
EMAIL_SUBJECT_PREFIX = "[Twofold] "
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="twofold@localhost")
ADMINS = [(address, address) for address in env.list("ADMINS", default=[])]
