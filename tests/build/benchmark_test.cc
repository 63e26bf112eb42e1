#include "benchmark/benchmark.h"

static void BM_Sum(benchmark::State& state) {
  int sum = 0;
  for (auto _ : state) benchmark::DoNotOptimize(++sum);
}
BENCHMARK(BM_Sum);
