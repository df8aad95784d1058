from accounts.models.clients import ApiClient, Institution
from accounts.models.users import SignInFailure, User

__all__ = ["ApiClient", "Institution", "SignInFailure", "User"]
