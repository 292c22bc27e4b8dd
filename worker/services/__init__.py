"""Operations shared by the command line and the gateway; they take typed values."""
