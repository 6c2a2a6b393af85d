"""Sessions without sockets and clocks: messages and the time go in, answers and vars come out."""
