"""The contenders, each set up as its documentation recommends; its module says how and what that leaves out."""
