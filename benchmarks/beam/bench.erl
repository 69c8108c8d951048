%% The workloads of the Rust table on the BEAM. `erl +S 2:2 ... -run bench main <workload> <n>`: prints one JSON line.
%% Completed work only: what is counted is counted by who did it.
-module(bench).
-export([main/1]).

-define(ACTORS, 100000).
-define(BIG, 120).
-define(TURN, 256).

main([Workload, Size]) ->
    N = list_to_integer(Size),
    case run(Workload, N) of
        none -> row(Workload, N, "\"completed\":0,\"error\":\"beam has no program for it\",\"cannot\":true", 1);
        {N, Micros, Extra} ->
            S = Micros / 1000000,
            Figures = io_lib:format("\"completed\":~b,\"seconds\":~.6f,\"per_s\":~.1f,\"ns_per_op\":~.3f",
                [N, S, N / S, Micros * 1000 / N]),
            row(Workload, N, [Figures, [io_lib:format(",\"~s\":~.6f", [K, V * 1.0]) || {K, V} <- Extra]], 0);
        {Done, _, _} ->
            row(Workload, N, io_lib:format("\"completed\":~b,\"error\":\"expected ~b completed, got ~b\",\"cannot\":false",
                [Done, N, Done]), 1)
    end.

row(Workload, N, Rest, Code) ->
    io:format("{\"peer\":\"beam\",\"version\":\"~s\",\"workload\":\"~s-rust\",\"n\":~b,~s}~n",
        [erlang:system_info(otp_release), Workload, N, Rest]),
    erlang:halt(Code).

run("spawn", N) -> spawn_all(N);
run("spawn-million", N) -> spawn_all(N);
run("pingpong", N) -> timed(fun() -> pingpong(N) end);
run("count", N) -> timed(fun() -> count(N) end);
run("random", N) ->
    Actors = list_to_tuple([spawn(fun() -> adder(0) end) || _ <- lists:seq(1, ?ACTORS)]),
    timed(fun() -> random(N, Actors) end);
run("big", N) -> timed(fun() -> big(N) end);
run("fair", N) -> fair(N);
run(_, _) -> none.

timed(F) ->
    T0 = erlang:monotonic_time(microsecond),
    Done = F(),
    {Done, erlang:monotonic_time(microsecond) - T0, []}.

%% -- spawn

spawn_all(N) ->
    erlang:garbage_collect(),
    Before = erlang:memory(total),
    Me = self(),
    T0 = erlang:monotonic_time(microsecond),
    Pids = [spawn(fun() -> Me ! up, idle(I) end) || I <- lists:seq(1, N)],
    Done = collect(up, N, 0),
    Micros = erlang:monotonic_time(microsecond) - T0,
    erlang:garbage_collect(),
    Bytes = (erlang:memory(total) - Before) / N,
    Stop = erlang:monotonic_time(microsecond),
    Refs = [begin R = erlang:monitor(process, P), exit(P, kill), R end || P <- Pids],
    [receive {'DOWN', R, _, _, _} -> ok end || R <- Refs],
    {Done, Micros, [{"bytes_per_actor", Bytes}, {"stop_seconds", (erlang:monotonic_time(microsecond) - Stop) / 1.0e6}]}.

idle(I) -> receive {add, By} -> idle(I + By) end.

collect(_, 0, Done) -> Done;
collect(What, N, Done) -> receive What -> collect(What, N - 1, Done + 1) end.

%% -- pingpong

pingpong(N) ->
    Me = self(),
    Pong = spawn(fun Loop() -> receive {ball, From} -> From ! ball, Loop() end end),
    spawn(fun() -> Me ! {done, ping(Pong, N, 0)} end),
    receive {done, Done} -> Done end.

ping(_, 0, Done) -> Done;
ping(Pong, N, Done) ->
    Pong ! {ball, self()},
    receive ball -> ping(Pong, N - 1, Done + 1) end.

%% -- count

count(N) ->
    Me = self(),
    Counter = spawn(fun() -> counter(0) end),
    spawn(fun() -> produce(Counter, N), Counter ! {total, Me} end),
    receive {total, Total} -> Total end.

produce(_, 0) -> ok;
produce(To, N) -> To ! {add, 1}, produce(To, N - 1).

counter(S) ->
    receive
        {add, By} -> counter(S + By);
        {total, To} -> To ! {total, S}
    end.

%% -- random

random(N, Actors) ->
    Me = self(),
    spawn(fun() -> send_random(N, 1, Actors, Me) end),
    sums(?ACTORS, 0).

send_random(0, _, Actors, Me) -> [A ! {report, Me} || A <- tuple_to_list(Actors)];
send_random(N, X0, Actors, Me) ->
    X = draw(X0),
    element(1 + X rem ?ACTORS, Actors) ! {add, 1},
    send_random(N - 1, X, Actors, Me).

draw(X0) ->
    X1 = (X0 bxor (X0 bsl 13)) band 16#ffffffff,
    X2 = X1 bxor (X1 bsr 17),
    (X2 bxor (X2 bsl 5)) band 16#ffffffff.

adder(S) ->
    receive
        {add, By} -> adder(S + By);
        {report, To} -> To ! {sum, S}, adder(S)
    end.

sums(0, Sum) -> Sum;
sums(N, Sum) -> receive {sum, S} -> sums(N - 1, Sum + S) end.

%% -- big

big(N) ->
    Me = self(),
    Each = N div ?BIG,
    All = [spawn(fun() -> receive {start, T} -> member(T, I, Each, 0, Me) end end) || I <- lists:seq(1, ?BIG)],
    T = list_to_tuple(All),
    [P ! {start, T} || P <- All],
    sums(?BIG, 0).

member(T, X0, Left, Done, Me) when Left > 0 ->
    X = draw(X0),
    case element(1 + X rem ?BIG, T) of
        P when P =:= self() -> member(T, X, Left, Done, Me);
        P -> P ! {ping, self()}, member_wait(T, X, Left - 1, Done, Me)
    end;
member(_, _, _, Done, Me) -> Me ! {sum, Done}, member_idle().

member_wait(T, X, Left, Done, Me) ->
    receive
        {ping, From} -> From ! pong, member_wait(T, X, Left, Done, Me);
        pong -> member(T, X, Left, Done + 1, Me)
    end.

member_idle() -> receive {ping, From} -> From ! pong, member_idle() end.

%% -- fair

fair(N) ->
    Me = self(),
    [begin P = spawn(fun Heavy() -> receive go -> burn(), self() ! go, Heavy() end end), P ! go end || _ <- [1, 2]],
    Lights = list_to_tuple([spawn(fun() -> light(Me) end) || _ <- lists:seq(1, 100)]),
    T0 = erlang:monotonic_time(microsecond),
    spawn(fun() -> process_flag(priority, high), schedule(T0, 0, N, Lights) end),
    All = lists:sort([receive {late, L} -> L end || _ <- lists:seq(1, N)]),
    Micros = erlang:monotonic_time(microsecond) - T0,
    At = fun(I) -> lists:nth(min(N, I + 1), All) / 1000 end,
    {N, Micros, [{"max_ms", lists:last(All) / 1000}, {"p50_ms", At(N div 2)}, {"p99_ms", At(N * 99 div 100)}]}.

burn() -> burn(erlang:monotonic_time(microsecond) + 10000, 0).
burn(Until, I) when I rem 64 =:= 0 ->
    case erlang:monotonic_time(microsecond) < Until of
        true -> burn(Until, 1);
        false -> ok
    end;
burn(Until, I) -> burn(Until, I + 1).

light(Me) -> receive Due -> Me ! {late, erlang:monotonic_time(microsecond) - Due}, light(Me) end.

%% Timers of the BEAM are of a millisecond: what is due until now is sent together.
schedule(_, N, N, _) -> ok;
schedule(T0, I, N, Lights) ->
    Due = T0 + I * 100,
    case erlang:monotonic_time(microsecond) of
        Now when Now < Due -> receive after 1 -> schedule(T0, I, N, Lights) end;
        _ -> element(1 + I rem 100, Lights) ! Due, schedule(T0, I + 1, N, Lights)
    end.
