from accounts.models.users import SignInFailure, User

__all__ = ["SignInFailure", "User"]
