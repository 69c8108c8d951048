/** A module that nobody can import. */
throw new Error("this module always throws")
