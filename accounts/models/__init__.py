from accounts.models.clients import ApiClient, Institution
from accounts.models.sign_in import FactorReset, OneTimeSecret
from accounts.models.users import SignInFailure, User

__all__ = ["ApiClient", "FactorReset", "Institution", "OneTimeSecret", "SignInFailure", "User"]
