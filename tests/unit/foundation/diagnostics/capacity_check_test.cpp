#include "nexus/foundation/diagnostics/capacity_check.h"

#include <gtest/gtest.h>

#include "nexus/foundation/base/units.h"

namespace nexus::diagnostics {
namespace {

constexpr char kMachine[] = "MemTotal: 16777216 kB\nMemAvailable: 16777216 kB\n";

// The defaults in a container of 1 GiB, in which everything fits.
class CapacityCheckTest : public testing::Test {
 protected:
  CapacityCheckTest() {
    requirements_ = {.memory_budget_bytes = std::nullopt,
                     .memory_limit_bytes = 32_MiB,
                     .max_instances = 1024,
                     .min_instances = 2,
                     .image_cache_bytes = 64_MiB,
                     .cache_dir = "/tmp/nexus-cache",
                     .max_cache_size_bytes = 64_MiB,
                     .threads = std::nullopt,
                     .address_space_bytes = 1088 * (4_GiB + 32_MiB)};
    there_.cache = CacheFolder{"ext4", false, 10_GiB};
    there_.max_map_count = 65530;
    there_.open_files_limit = 65536;
    there_.processors = 4;
    limit_container(1_GiB);
  }

  void limit_container(std::uint64_t bytes) {
    container_.limit_bytes = bytes;
    container_.version = 2;
  }

  Capacity result() {
    there_.limits = memory_limits_of(container_, kMachine, requirements_.memory_budget_bytes);
    return check_capacity(requirements_, there_);
  }

  // The settings named by contradictions, in order.
  std::string blamed() { return settings_of(result().contradictions); }
  std::string noted() { return settings_of(result().notes); }
  static std::string settings_of(const std::vector<Finding>& findings) {
    std::string all;
    for (const Finding& finding : findings)
      all += (all.empty() ? "" : " ") + finding.setting;
    return all;
  }

  Requirements requirements_;
  system::ContainerMemory container_;
  Environment there_;
};

TEST_F(CapacityCheckTest, TheDefaultsFitIntoAGibibyte) {
  const Capacity all = result();
  EXPECT_EQ(settings_of(all.contradictions), "");
  EXPECT_EQ(settings_of(all.notes), "");
  EXPECT_EQ(all.instance_bytes, 1_GiB - 1_GiB / 20 - kProgramBytes);
  EXPECT_EQ(all.instances_at_limit, 29u);
  EXPECT_EQ(all.instances_typical, 3238u);
  EXPECT_EQ(all.instances_mappable, 1851u);
  EXPECT_EQ(all.threads, 4u);
}

TEST_F(CapacityCheckTest, ABudgetAboveTheContainersLimit) {
  requirements_.memory_budget_bytes = 1_GiB;
  EXPECT_EQ(blamed(), "");
  requirements_.memory_budget_bytes = 2_GiB;
  EXPECT_EQ(blamed(), "MEMORY_BUDGET_MB");
  EXPECT_EQ(result().contradictions[0].text,
            "2 GiB is more than the container's memory limit, 1 GiB: at most 1024, or leave it out");
  container_.limit_bytes.reset();
  EXPECT_EQ(blamed(), "");
  requirements_.memory_budget_bytes = 17_GiB;
  EXPECT_EQ(blamed(), "MEMORY_BUDGET_MB");
  EXPECT_NE(result().contradictions[0].text.find("the machine's memory"), std::string::npos);
}

TEST_F(CapacityCheckTest, MemoryLimitAboveGrantable) {
  requirements_.memory_limit_bytes = 948_MiB;
  EXPECT_EQ(blamed(), "");
  EXPECT_EQ(result().instances_at_limit, 1u);
  requirements_.memory_limit_bytes = 949_MiB;
  EXPECT_EQ(blamed(), "MEMORY_LIMIT_MB");
  EXPECT_NE(result().contradictions[0].text.find("at most 948"), std::string::npos);
}

TEST_F(CapacityCheckTest, MoreWarmInstancesThanMemory) {
  requirements_.max_instances = 3239;
  there_.max_map_count.reset();
  requirements_.min_instances = 3238;
  EXPECT_EQ(blamed(), "");
  EXPECT_EQ(noted(), "MAX_INSTANCES");
  requirements_.min_instances = 3239;
  EXPECT_EQ(blamed(), "MIN_INSTANCES");
  EXPECT_EQ(noted(), "");
}

TEST_F(CapacityCheckTest, CacheOnTmpfsCountsAsMemory) {
  const std::uint64_t on_disk = result().instance_bytes;
  there_.cache = CacheFolder{"tmpfs", true, 10_GiB};
  EXPECT_EQ(result().instance_bytes, on_disk - 64_MiB);
  EXPECT_EQ(blamed(), "");
  requirements_.max_cache_size_bytes = 949_MiB;
  EXPECT_EQ(blamed(), "MAX_CACHE_SIZE_MB IMAGE_CACHE_MB MEMORY_LIMIT_MB MIN_INSTANCES");
  there_.cache->is_memory = false;
  EXPECT_EQ(blamed(), "");
}

TEST_F(CapacityCheckTest, CacheLargerThanDisk) {
  there_.cache->free_bytes = 63_MiB;
  EXPECT_EQ(blamed(), "MAX_CACHE_SIZE_MB");
  there_.cache.reset();
  EXPECT_EQ(blamed(), "");
}

TEST_F(CapacityCheckTest, ImageCacheLargerThanMemory) {
  requirements_.image_cache_bytes = 949_MiB;
  EXPECT_EQ(blamed(), "IMAGE_CACHE_MB");
}

TEST_F(CapacityCheckTest, ATinyContainerStillRunsSomething) {
  limit_container(64_MiB);
  requirements_.image_cache_bytes = 8_MiB;
  EXPECT_EQ(blamed(), "");
  EXPECT_EQ(result().instances_at_limit, 1u);
}

TEST_F(CapacityCheckTest, NeighboursReduceFittingInstances) {
  container_.neighbours_bytes = 950_MiB;
  EXPECT_EQ(blamed(), "IMAGE_CACHE_MB MEMORY_LIMIT_MB MIN_INSTANCES");
  EXPECT_EQ(result().instance_bytes, 0u);
}

TEST_F(CapacityCheckTest, FewerMappingsThanInstancesNeed) {
  requirements_.max_instances = 1851;
  EXPECT_EQ(blamed(), "");
  requirements_.max_instances = 1852;
  EXPECT_EQ(blamed(), "vm.max_map_count");
  there_.max_map_count.reset();
  EXPECT_EQ(blamed(), "");
}

TEST_F(CapacityCheckTest, SuggestedMappingsAreEnough) {
  for (const std::uint64_t instances : {1852u, 5000u, 16384u}) {
    limit_container(8_GiB);
    there_.max_map_count = 65530;
    requirements_.max_instances = instances;
    const std::string text = result().contradictions.at(0).text;
    there_.max_map_count = std::stoull(text.substr(text.find("vm.max_map_count=") + 17));
    EXPECT_EQ(blamed(), "") << text;
  }
}

TEST_F(CapacityCheckTest, LessAddressSpaceThanIsReserved) {
  there_.address_space_limit_bytes = 8192_GiB;
  EXPECT_EQ(blamed(), "");
  there_.address_space_limit_bytes = 4096_GiB;
  EXPECT_EQ(blamed(), "ulimit -v");
}

TEST_F(CapacityCheckTest, FewOpenFiles) {
  there_.open_files_limit = 1024;
  EXPECT_EQ(blamed(), "");
  EXPECT_EQ(noted(), "ulimit -n");
  there_.open_files_limit = 64;
  EXPECT_EQ(blamed(), "ulimit -n");
}

TEST_F(CapacityCheckTest, MoreLoopsThanProcessors) {
  requirements_.threads = 4;
  EXPECT_EQ(blamed(), "");
  there_.cpu_quota = 1.5;
  EXPECT_EQ(blamed(), "THREADS");
  EXPECT_NE(result().contradictions[0].text.find("1.5"), std::string::npos);
  requirements_.threads.reset();
  EXPECT_EQ(blamed(), "");
  EXPECT_EQ(result().threads, 1u);
  there_.cpu_quota.reset();
  requirements_.max_instances = requirements_.min_instances = 2;
  EXPECT_EQ(result().threads, 2u);
}

TEST_F(CapacityCheckTest, OtherProgramsOnTheMachine) {
  container_.limit_bytes.reset();
  EXPECT_EQ(noted(), "");
  there_.limits =
      memory_limits_of(container_, "MemTotal: 16777216 kB\nMemAvailable: 1048576 kB\n", std::nullopt);
  EXPECT_EQ(settings_of(check_capacity(requirements_, there_).notes), "MEMORY_BUDGET_MB");
}

TEST(BytesText, HasThreeDigits) {
  EXPECT_EQ(bytes_text(0), "0 bytes");
  EXPECT_EQ(bytes_text(1023), "1023 bytes");
  EXPECT_EQ(bytes_text(300_KiB), "300 KiB");
  EXPECT_EQ(bytes_text(1536_MiB), "1.5 GiB");
  EXPECT_EQ(bytes_text(1_GiB), "1 GiB");
  EXPECT_EQ(bytes_text(200_GiB), "200 GiB");
  EXPECT_EQ(bytes_text(4352_GiB), "4.2 TiB");
}

}  // namespace
}  // namespace nexus::diagnostics
